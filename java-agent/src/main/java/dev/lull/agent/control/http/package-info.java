/**
 * HTTP/1.1 over Unix sockets: connections, limits, and who is at the other end. What may live here: what every socket of
 * Lull's does alike. What may not: what a path means, which is its handler's to say.
 */
package dev.lull.agent.control.http;
