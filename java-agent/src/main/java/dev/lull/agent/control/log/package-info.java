/**
 * Where lines go: the service's own log, by SLF4J to standard error; and a virtual machine's log and metrics, to files or
 * pipes of its owner's. An event is one line, whatever a guest or a client put into it, and no line ever waits for a reader.
 */
package dev.lull.agent.control.log;
