// SPDX-License-Identifier: Apache-2.0
// `cardwatch inspect`: what the local store holds, read beside the running service or after it.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/inspect_words.h"

enum { RECORD_BYTES_MAX = 4 * 1024 * 1024 };

// LMDB reads a file that was cut short straight out of the map.
static void on_missing_page(int number)
{
    static const char sentence[] =
        "cardwatch inspect: a state store's file is shorter than it says: it is damaged; the "
        "service restores it from the changelog when it starts\n";
    (void)number;
    (void)!write(STDERR_FILENO, sentence, sizeof(sentence) - 1);
    _exit(CLI_FAILED);
}

static void catch_missing_pages(void)
{
    struct sigaction action = {.sa_handler = on_missing_page};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

// A line of stdin, so that the number shows in no list of processes.
static bool read_card(char *card, size_t size)
{
    if (fgets(card, (int)size, stdin) == NULL)
        return false;
    card[strcspn(card, "\r\n")] = '\0';
    return true;
}

static int refuse(const char *reason)
{
    fprintf(stderr, "cardwatch inspect: %s\n", reason);
    return CLI_FAILED;
}

static int show_card(struct inspect_look *look, const char *number, bool as_json)
{
    struct buffer record;
    struct error err;
    struct inspect_partition where;
    buffer_init(&record, RECORD_BYTES_MAX);
    enum status status = inspect_look_for(look, view_text(number), &where, &record, &err);
    int code = CLI_DONE;
    if (status != STATUS_OK) {
        code = refuse(err.text);
    } else {
        const struct inspect_card card = {view_text(number), &where, buffer_view(&record)};
        code = as_json ? inspect_card_json(look, &card) : inspect_card_text(look, &card);
    }
    buffer_release(&record);
    return code;
}

static int show_all(struct inspect_look *look, bool as_json)
{
    inspect_look_at_all(look);
    if (as_json)
        inspect_all_json(look, clock_wall_ms());
    else
        inspect_all_text(look, clock_wall_ms());
    return look->problem_count == 0 && look->damaged_cards == 0 ? CLI_DONE : CLI_FAILED;
}

int cli_inspect(const struct config *config, const struct line *line)
{
    struct inspect_look look;
    struct error err;
    char typed[CARD_BYTES_MAX + 2];
    const char *number = line_value(line, "card");
    bool as_json = line_has(line, "json");
    if (number != NULL && strcmp(number, "-") == 0) {
        if (!read_card(typed, sizeof(typed)))
            return refuse("--card -: there is no card on stdin");
        number = typed;
    }
    if (number != NULL && (number[0] == '\0' || strlen(number) > CARD_BYTES_MAX))
        return refuse("--card: a card has 1 to 256 bytes");
    catch_missing_pages();
    if (inspect_look_open(&look, config, &err) != STATUS_OK)
        return refuse(err.text);
    int code = number != NULL ? show_card(&look, number, as_json) : show_all(&look, as_json);
    inspect_look_close(&look);
    return code;
}
