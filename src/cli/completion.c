// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <string.h>

#include "cli/help.h"
#include "config/keys.h"

const struct completion_words completion_words[] = {
    {"tail", "from", "beginning end"},
    {"tail", "isolation", "read_committed read_uncommitted"},
    {"replay", "from", "beginning"},
    {"replay", "until", "end"},
    {NULL, NULL, NULL},
};

// `list` below is what may come next, or "files". The line is split at blanks, since COMP_WORDS is
// split at '=' as well; and what readline replaces begins behind the last '='.
static const char completer[] =
    "_cardwatch()\n"
    "{\n"
    "    local IFS=$' \\t\\n' words at command current lead='' list\n"
    "    read -r -a words <<<\"${COMP_LINE:0:COMP_POINT}.\"\n"
    "    at=$((${#words[@]} - 1))\n"
    "    command=${words[1]-}\n"
    "    current=${words[at]%.}\n"
    "    if ((at == 1)); then\n"
    "        list=$(_cardwatch_commands)\n"
    "    elif [[ $current == --*=* ]]; then\n"
    "        lead=${current%%=*}=\n"
    "        current=${current#*=}\n"
    "        list=$(_cardwatch_values \"$command\" \"${lead%=}\" \"$current\")\n"
    "    elif ! list=$(_cardwatch_values \"$command\" \"${words[at - 1]}\" \"$current\"); then\n"
    "        [[ $current == -* ]] || list=$(_cardwatch_arguments \"$command\")\n"
    "        [[ -n $list ]] || list=$(_cardwatch_options \"$command\")\n"
    "    fi\n"
    "    if [[ $list == files ]]; then\n"
    "        compopt -o filenames\n"
    "        mapfile -t COMPREPLY < <(compgen -P \"$lead\" -f -- \"$current\")\n"
    "    else\n"
    "        mapfile -t COMPREPLY < <(compgen -P \"$lead\" -W \"$list\" -- \"$current\")\n"
    "        [[ ${COMPREPLY[0]-} != *[=.] ]] || compopt -o nospace\n"
    "    fi\n"
    "    lead+=$current\n"
    "    if [[ $COMP_WORDBREAKS == *=* && $lead == *=* ]]; then\n"
    "        lead=${lead%\"${lead##*=}\"}\n"
    "        COMPREPLY=(\"${COMPREPLY[@]#\"$lead\"}\")\n"
    "    fi\n"
    "}\n"
    "complete -F _cardwatch cardwatch\n";

static void print_commands(FILE *out)
{
    fputs("_cardwatch_commands()\n{\n    echo", out);
    for (const struct command *at = commands; at->name != NULL; at++)
        fprintf(out, " %s", at->name);
    fputs(" --help --version\n}\n\n", out);
}

static void print_options(FILE *out)
{
    fputs("_cardwatch_options()\n{\n    case $1 in\n", out);
    for (const struct command *at = commands; at->name != NULL; at++) {
        fprintf(out, "    %s) echo", at->name);
        for (const struct line_option *own = at->options; own->name != NULL; own++)
            fprintf(out, " --%s", own->name);
        for (const struct line_option *each = common_options; each->name != NULL; each++)
            fprintf(out, " --%s", each->name);
        fputs(" ;;\n", out);
    }
    fputs("    esac\n}\n\n", out);
}

// The names that the configuration has for topics if it says nothing of them.
static void print_topics(FILE *out)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        const char *name = keys[i].fallback;
        if (strncmp(keys[i].name, "topics.", 7) == 0 && name[0] != '\0' && name[0] != '<')
            fprintf(out, " %s", name);
    }
}

static void print_subjects(FILE *out)
{
    for (const struct command *at = commands; at->name != NULL; at++)
        fprintf(out, " %s", at->name);
    for (const struct help_topic *at = help_topics; at->name != NULL; at++)
        fprintf(out, " %s", at->name);
}

static void print_arguments(FILE *out)
{
    fputs("_cardwatch_arguments()\n{\n    case $1 in\n", out);
    for (const struct command *at = commands; at->name != NULL; at++) {
        if (at->argument_max == 0)
            continue;
        fprintf(out, "    %s) echo", at->name);
        if (strcmp(at->arguments, "TOPIC") == 0)
            print_topics(out);
        else
            print_subjects(out);
        fputs(" ;;\n", out);
    }
    fputs("    esac\n}\n\n", out);
}

// "rules.N.name" is shown as the first rule's, "kafka.*" without what follows.
static void print_key(FILE *out, const char *name)
{
    for (; *name != '\0' && *name != '*'; name++)
        fputc(name[0] == 'N' && name[-1] == '.' ? '0' : name[0], out);
}

static void print_choices(FILE *out, const struct key *key)
{
    static const char *const yes_no[] = {"true", "false", NULL};
    const char *name = key_shown(key)->name;
    const char *const *choices = key->type == KEY_YES_NO ? yes_no : key->choices;
    if (choices == NULL)
        return;
    fputs("    *' --set ", out);
    print_key(out, name);
    fputs("='*) echo", out);
    for (; *choices != NULL; choices++) {
        fputc(' ', out);
        print_key(out, name);
        fprintf(out, "=%s", *choices);
    }
    fputs(" ;;\n", out);
}

static void print_settings(FILE *out)
{
    size_t count;
    const struct key *keys = key_rows(&count);
    for (size_t i = 0; i < count; i++)
        print_choices(out, &keys[i]);
    fputs("    *' --set '*=*) ;;\n    *' --set '*) echo", out);
    for (size_t i = 0; i < count; i++) {
        if (keys[i].type == KEY_LIST)
            continue;
        fputc(' ', out);
        print_key(out, key_shown(&keys[i])->name);
        fputs(keys[i].type == KEY_PROPERTIES ? "" : "=", out);
    }
    fputs(" ;;\n", out);
}

// What may stand behind the option; NULL: anything.
static const char *words_of(const char *command, const struct line_option *option)
{
    if (strcmp(option->value, "FILE") == 0)
        return "files";
    for (const struct completion_words *at = completion_words; at->command != NULL; at++) {
        if (strcmp(at->command, command) == 0 && strcmp(at->option, option->name) == 0)
            return at->words;
    }
    return NULL;
}

// `command` is "*" for the options of all commands.
static void print_values_of(FILE *out, const char *command, const struct line_option *options)
{
    for (const struct line_option *at = options; at->name != NULL; at++) {
        if (at->value == NULL)
            continue;
        const char *words = words_of(command, at);
        fprintf(out, "    %s' --%s '*", command, at->name);
        if (at->letter != '\0')
            fprintf(out, " | %s' -%c '*", command, at->letter);
        fprintf(out, ")%s%s ;;\n", words != NULL ? " echo " : "", words != NULL ? words : "");
    }
}

static void print_values(FILE *out)
{
    fputs("_cardwatch_values()\n{\n    case \"$1 $2 $3\" in\n", out);
    print_settings(out);
    for (const struct command *at = commands; at->name != NULL; at++)
        print_values_of(out, at->name, at->options);
    print_values_of(out, "*", common_options);
    fputs("    *) return 1 ;;\n    esac\n}\n\n", out);
}

void completion_print(FILE *out)
{
    fprintf(out, "# bash completion of cardwatch %s, made by `cardwatch help completion`\n\n",
            CARDWATCH_VERSION);
    print_commands(out);
    print_options(out);
    print_arguments(out);
    print_values(out);
    fputs(completer, out);
}
