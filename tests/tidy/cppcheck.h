// SPDX-License-Identifier: Apache-2.0
// What cppcheck, which does not look into the system's headers, has to be told of.
#ifndef TIDY_CPPCHECK_H
#define TIDY_CPPCHECK_H

// It stumbles over attributes behind members that are pointers to functions.
#define __attribute__(list)

#define json_array_foreach(array, index, value)                                                    \
    for (index = 0; (value = json_array_get(array, index)) != NULL; index++)
#define json_object_foreach(object, key, value)                                                    \
    for (void *at_ = json_object_iter(object);                                                     \
         at_ != NULL && (key = json_object_iter_key(at_), value = json_object_iter_value(at_));    \
         at_ = json_object_iter_next(object, at_))

#endif
