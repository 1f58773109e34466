/**
 * What a guest can ask of Lull beyond emulated hardware: each a protocol with a guest, written over {@code
 * dev.lull.device}.
 *
 * <p>The scaled virtual counter is in {@code clock}. The capability in an assigned device's config space and the
 * guest's side of the fail-over handshake will live here too. What may not: KVM handles, orchestration, the API.
 */
package dev.lull.paravirt;
