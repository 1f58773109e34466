/**
 * JSON as values of Java and back. What may live here: the format itself. What may not: what any document means.
 */
package dev.lull.agent.json;
