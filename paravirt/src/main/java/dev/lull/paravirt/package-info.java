/**
 * What a guest can ask of Lull beyond emulated hardware.
 *
 * <p>Here will live the capability in an assigned device's config space, the scaled virtual counter and its timer, and the
 * guest's side of the fail-over handshake: each a protocol with a guest, written over {@code dev.lull.device}. What may not:
 * KVM handles, orchestration, the API.
 */
package dev.lull.paravirt;
