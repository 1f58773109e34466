package dev.lull.agent.boot;

import java.nio.ByteBuffer;

/** A kernel file whose every header field in use has been checked. */
sealed interface KernelImage permits BzImage, ElfImage {
    /** What to give instead, ending the message about a file that is no kernel at all. */
    String REMEDY = "give a Linux bzImage or vmlinux";

    /** How much of an image is read to recognise it; headers of real kernels lie within. */
    int HEAD_BYTES = 4096;

    /**
     * Recognises and checks a kernel.
     *
     * @throws KernelException when it is neither a bzImage nor an ELF x86-64 kernel, or is damaged
     */
    static KernelImage parse(ImageBytes bytes) {
        ByteBuffer head = bytes.read(0, (int) Math.min(HEAD_BYTES, bytes.sizeBytes()));
        if (ElfImage.isElf(head)) {
            return ElfImage.parse(bytes, head);
        }
        if (SetupHeader.isPresent(head)) {
            return BzImage.parse(bytes, head);
        }
        throw new KernelException(bytes.name() + ": not a bzImage or an ELF x86-64 kernel (starts with " + startOf(head)
                + "); " + REMEDY);
    }

    private static String startOf(ByteBuffer head) {
        int count = Math.min(4, head.limit());
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            int value = head.get(i) & 0xff;
            text.append(i == 0 ? "" : " ")
                    .append(Character.forDigit(value >> 4, 16))
                    .append(Character.forDigit(value & 15, 16));
        }
        Compression compression = Compression.detect(head);
        if (compression != null) {
            text.append(", ").append(compression.label()).append(" data");
        }
        return text.append(", ")
                .append(head.limit())
                .append(head.limit() == HEAD_BYTES ? "+" : "")
                .append(" bytes")
                .toString();
    }
}
