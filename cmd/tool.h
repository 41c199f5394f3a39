/*
 * tool.h - what a tool gives to the common main() in cmd/main.c: its table
 * and its story.
 */
#ifndef CMD_TOOL_H
#define CMD_TOOL_H

#include "base/err.h"
#include "sys/opt.h"

extern const struct tool tool;
/* The operands only; options are in the table's variables. An exit status, or
 * -1 with err set, which decides it. */
int tool_run(int argc, char **argv, struct err *err);

#endif
