/**
 * The command line: what a person types, and what they read in answer. Commands build a configuration, call the machine, and
 * turn its exceptions into one line and an exit status; nothing else lives here.
 */
package dev.lull.agent.cli;
