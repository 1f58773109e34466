package dev.lull.agent.mmds;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Session tokens: when each ends, encrypted and authenticated (AES-256-GCM) under a key that exists in this machine's memory
 * alone. So none is remembered, and none of another machine or of an earlier run is valid. Any thread may use it.
 */
final class MmdsTokens {
    static final int MIN_TTL_SECONDS = 1;
    static final int MAX_TTL_SECONDS = 21_600;

    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;
    private static final int TOKEN_BYTES = NONCE_BYTES + Long.BYTES + TAG_BYTES;
    private static final int TOKEN_CHARACTERS = TOKEN_BYTES / 3 * 4;

    /** As many random nonces a key of GCM may have (NIST SP 800-38D §8.3). */
    private static final long MAX_TOKENS_OF_A_KEY = 1L << 32;

    private final byte[] machine;
    private final NanoClock clock;

    /** Made with the first token: finding randomness and ciphers takes the JDK a while. */
    private @Nullable SecureRandom random;

    private @Nullable SecretKeySpec key;
    private long issued;

    /** @param machineId what tokens are bound to besides the key */
    MmdsTokens(String machineId, NanoClock clock) {
        this.machine = ("microvmid=" + machineId).getBytes(StandardCharsets.UTF_8);
        this.clock = clock;
    }

    /**
     * A new token, in Base64.
     *
     * @param ttlSeconds how long it is valid: {@value #MIN_TTL_SECONDS} to {@value #MAX_TTL_SECONDS}
     */
    synchronized String issue(int ttlSeconds) {
        if (ttlSeconds < MIN_TTL_SECONDS || ttlSeconds > MAX_TTL_SECONDS) {
            throw new IllegalArgumentException("a token for " + ttlSeconds + " s");
        }
        SecureRandom source = random == null ? new SecureRandom() : random;
        random = source;
        SecretKeySpec current = key == null || issued == MAX_TOKENS_OF_A_KEY ? newKey(source) : key;
        key = current;
        issued++;
        byte[] nonce = new byte[NONCE_BYTES];
        source.nextBytes(nonce);
        byte[] end = ByteBuffer.allocate(Long.BYTES)
                .putLong(clock.nanoTime() + TimeUnit.SECONDS.toNanos(ttlSeconds))
                .array();
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, current, nonce).doFinal(end);
            return Base64.getEncoder()
                    .encodeToString(ByteBuffer.allocate(TOKEN_BYTES)
                            .put(nonce)
                            .put(sealed)
                            .array());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM, which every JDK has, fails", e);
        }
    }

    /** Whether {@code token} was issued here and has not ended. */
    synchronized boolean isValid(String token) {
        SecretKeySpec current = key;
        if (current == null || token.length() != TOKEN_CHARACTERS) {
            return false;
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(token);
            if (bytes.length != TOKEN_BYTES) {
                return false;
            }
            byte[] end =
                    cipher(Cipher.DECRYPT_MODE, current, bytes).doFinal(bytes, NONCE_BYTES, Long.BYTES + TAG_BYTES);
            return ByteBuffer.wrap(end).getLong() - clock.nanoTime() > 0;
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            return false;
        }
    }

    private SecretKeySpec newKey(SecureRandom source) {
        byte[] bits = new byte[KEY_BYTES];
        source.nextBytes(bits);
        issued = 0;
        return new SecretKeySpec(bits, "AES");
    }

    private Cipher cipher(int mode, SecretKeySpec current, byte[] nonce) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, current, new GCMParameterSpec(8 * TAG_BYTES, nonce, 0, NONCE_BYTES));
        cipher.updateAAD(machine);
        return cipher;
    }
}
