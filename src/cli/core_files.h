// SPDX-License-Identifier: Apache-2.0
// Card numbers are in the process's memory: they must not end up in a core file.
#ifndef CLI_CORE_FILES_H
#define CLI_CORE_FILES_H

// No core file of this process is written from now on, neither where the limit counts nor by a
// program that the kernel hands cores to; only root can read its memory or attach a debugger. Says
// so at level debug, or warns when the kernel refuses.
void core_files_forbid(void);

#endif
