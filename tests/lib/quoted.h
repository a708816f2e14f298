// SPDX-License-Identifier: Apache-2.0
// JSON in C strings that can be read: quoted("{'type':'int'}") is {"type":"int"}.
#ifndef LIB_QUOTED_H
#define LIB_QUOTED_H

// Every ' as ". The text stands in static memory until the next call but three.
const char *quoted(const char *text);

#endif
