// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

#include <string.h>

#include "cli/generate_options.h"
#include "cli/replay_options.h"
#include "cli/send_options.h"
#include "cli/tail_options.h"

const struct line_option common_options[] = {
    {"config", 'c', "FILE", "Read the configuration from a YAML file."},
    {"set", '\0', "KEY=VALUE", "Set one key, over file and environment; may be repeated."},
    {"help", 'h', NULL, "Say what the command does."},
    {NULL, '\0', NULL, NULL},
};

static const struct line_option no_options[] = {{NULL, '\0', NULL, NULL}};

static const struct line_option init_options[] = {
    {"partitions", '\0', "N", "Partitions of a purchases topic that is created (default 4)."},
    {"topics-only", '\0', NULL, "No schemas: whoever writes purchases registers its own."},
    {NULL, '\0', NULL, NULL},
};

static const struct line_option demo_options[] = {
    {"seconds", '\0', "N", "How long purchases are sent (default 60); 0: until Ctrl-C."},
    {"rate", '\0', "N", "Purchases a second (default 1000)."},
    {"seed", '\0', "N", "The same purchases again (default: others each time)."},
    {"brokers", '\0', "HOST:PORT", "Somebody's Kafka instead of the embedded broker."},
    {"http", '\0', "HOST:PORT", "Where metrics are served; empty: nowhere."},
    {NULL, '\0', NULL, NULL},
};

static const struct line_option inspect_options[] = {
    {"card", '\0', "NUMBER", "Show one card; -: its number is read from stdin."},
    {"json", '\0', NULL, "Print a JSON object."},
    {NULL, '\0', NULL, NULL},
};

static int run_service(const struct config *config, const struct line *line)
{
    (void)line;
    return cli_run(config);
}

const struct command commands[] = {
    {"run", "", 0, "the service: purchases in, alerts out",
     "Joins the consumer group, restores its state and raises alerts until SIGTERM or\n"
     "SIGINT, which commit and checkpoint first. A second signal exits at once; that is\n"
     "as safe as a crash. Waits, and says so, while Kafka or the registry is away.\n",
     no_options, run_service, NULL},
    {"init", "", 0, "create the topics that are missing, register the schemas",
     "Creates purchases, travel_flags, the alert topics, dead letters and the changelog\n"
     "where they are missing, and registers the schemas under <topic>-value. What is\n"
     "there already is left as it is, so it may be run again. Prints a line for each.\n",
     init_options, cli_init, NULL},
    {"check", "", 0, "connect and report everything that is wrong; change nothing",
     "Reads and validates the configuration, then looks at brokers, topics, registry,\n"
     "state directory and secret. Prints a line for each: ok, note, or problem with what\n"
     "to do about it. Exits with 1 when there is a problem.\n",
     no_options, cli_check, NULL},
    {"generate", "", 0, "make synthetic purchases, with bursts planted among them",
     "Writes purchases of many cards into the purchases topic (which must be there:\n"
     "`cardwatch init`) or into a file. Here and there a card makes 3 to 5 purchases in\n"
     "less than a minute, what the default rule raises an alert for; with enough cards\n"
     "(the default) nothing else is a burst, so --truth lists just the alerts to come.\n"
     "Given --seed, --start-ms and the other options, it makes the same messages again.\n",
     generate_options, cli_generate, NULL},
    {"tail", "TOPIC", 1, "follow a topic, one JSON value a line",
     "Prints each record's value, from now on, until Ctrl-C: Avro is decoded through the\n"
     "registry, whatever its schema; JSON is shown as it is, anything else as text. With\n"
     "--keys, --headers, --timestamps or --partitions the line is an object with these\n"
     "and the value. Nothing is masked: card numbers are shown as the topic has them.\n"
     "Decimals are numbers with all their digits, logical times integers (--times: texts);\n"
     "bytes are text, each byte the character of its number. NaN and infinities are null.\n",
     tail_options, cli_tail, NULL},
    {"send", "TOPIC", 1, "lines of stdin into a topic, as Avro or text",
     "Takes a JSON value a line and sends it as Avro, by the latest schema that the\n"
     "registry has for <topic>-value; with --text, the lines as they are. Fields that are\n"
     "not there take their defaults. Decimals are numbers or texts, times integers or\n"
     "texts (2026-01-31T08:00:00Z), NaN and infinities texts, bytes a text, each byte the\n"
     "character of its number. A union takes the value itself, or Avro's own form:\n"
     "{\"string\": \"a\"}. Keys are text, and placed as the Java client places them. A line\n"
     "that cannot be sent is named with the field that is wrong, and passed over. Waits\n"
     "for the brokers' acknowledgements; exits with 1 when anything was refused.\n",
     send_options, cli_send, NULL},
    {"inspect", "", 0, "what the local store holds, read beside the running service",
     "Prints, for each partition whose store is in state.dir, its cards and size, how far\n"
     "it has come in both topics, its age, and how many purchases are stored of a card;\n"
     "or one card's purchases and what the rules made of them. The store is as of its last\n"
     "checkpoint. Changes nothing, whether or not the service runs. Give a card's number\n"
     "as --card - and on stdin: the command line shows in the list of processes.\n",
     inspect_options, cli_inspect, NULL},
    {"replay", "", 0, "take the purchases again: check, back-test or rebuild",
     "Takes the purchases of the topic (or of a file) by the service's own code, from the\n"
     "first one on and from an empty state, beside the running service and without a\n"
     "trace in the cluster. Says what came of them, or with --verify compares it with the\n"
     "alerts that the service has emitted; prints it with --out, which with other rules\n"
     "(--set rules.0.threshold=4, or another -c FILE) is a back-test. Cards are masked\n"
     "unless --show-cards. --rebuild writes the state anew for a service that is stopped,\n"
     "as a change of its rules asks for. Numbers from 100000000000 on are times.\n",
     replay_options, cli_replay, NULL},
    {"demo", "", 0, "see it work: broker, registry, purchases and service in one process",
     "Starts an embedded broker, a schema registry, a generator that plants bursts among\n"
     "ordinary purchases, and the service itself, on free ports of this machine. Prints\n"
     "alerts as they come and in the end how many of the planted bursts were caught;\n"
     "exits with 1 when one was missed or an alert was false. Leaves nothing behind.\n"
     "With --brokers it makes topics of its own there, and deletes them in the end.\n",
     demo_options, NULL, cli_demo},
    {"help", "[COMMAND | config | man | completion]", 1,
     "explain a command, or list the configuration's keys",
     "Without an argument, lists the commands. `config` lists the configuration's keys;\n"
     "`man` prints the manual page (cardwatch help man | man -l -), `completion` the\n"
     "completion for bash (source <(cardwatch help completion)).\n",
     no_options, NULL, cli_help},
    {NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL},
};

const struct command *command_find(const char *name)
{
    for (const struct command *at = commands; at->name != NULL; at++) {
        if (strcmp(at->name, name) == 0)
            return at;
    }
    return NULL;
}
