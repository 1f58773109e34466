/**
 * The kinds of devices a machine can be given, each as what a user says of it. What may live here: how a configuration becomes a
 * device. What may not: what the device then does, which is {@code dev.lull.device}'s.
 */
package dev.lull.agent.devices;
