// SPDX-License-Identifier: Apache-2.0
// Certificates for a test's servers and clients, made by the openssl program: an authority of its
// own, and what it has signed.
#ifndef LIB_CERTIFICATES_H
#define LIB_CERTIFICATES_H

// Makes the directory `dir` with ca.pem, broker.pem (for 127.0.0.1 and localhost), client.pem (CN
// as `client`) and stranger.pem (an authority that has signed none of them). All but the
// authorities are a private key and a certificate in one file. The program ends when it fails.
void certificates_make(const char *dir, const char *client);

#endif
