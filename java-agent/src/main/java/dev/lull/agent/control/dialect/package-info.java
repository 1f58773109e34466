/**
 * The REST dialect of a virtual machine's socket, which is Firecracker's: bodies of requests and answers, and how a request
 * becomes a {@link dev.lull.agent.control.dialect.Command}. What may live here: what can be said of a request alone. What
 * may not: whether a machine can do it, which is {@code control.vm}'s to say.
 */
package dev.lull.agent.control.dialect;
