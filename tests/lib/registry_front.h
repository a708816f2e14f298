// SPDX-License-Identifier: Apache-2.0
// HTTPS and a password in front of a registry that knows neither: whoever has the right user name
// and password (basic authentication) gets through to it, others get 401. Listens on 127.0.0.1.
#ifndef LIB_REGISTRY_FRONT_H
#define LIB_REGISTRY_FRONT_H

#include <stddef.h>
#include <stdint.h>

struct registry_front_settings {
    uint16_t port;           // 0: a free one
    uint16_t registry_port;  // on 127.0.0.1, plain HTTP
    const char *certificate; // file: private key and certificate, PEM
    const char *username;    // borrowed, as is the password
    const char *password;
};

struct registry_front;

// Stops the test when it cannot.
struct registry_front *registry_front_open(const struct registry_front_settings *settings);
void registry_front_close(struct registry_front *front);

uint16_t registry_front_port(const struct registry_front *front);

// Requests so far: with the right password, and without.
size_t registry_front_passed(const struct registry_front *front);
size_t registry_front_refused(const struct registry_front *front);

#endif
