package dev.lull.abi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.linux.CConstants;
import dev.lull.linux.CStruct;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every layout and constant written in Java is the C compiler's. */
class AbiTest {
    private static final Path NATIVE =
            Path.of(System.getProperty("lull.root", ".."), "native").toAbsolutePath();
    private static final Path FIXED_PART = NATIVE.resolve("abi/assertions.h");

    @TempDir
    Path directory;

    @CConstants("linux/kvm.h")
    static final class WrongConstant {
        static final int KVM_API_VERSION = 13;
    }

    @CConstants("linux/kvm.h")
    static final class UnknownConstant {
        static final int KVM_NO_SUCH_THING = 1;
    }

    @CStruct(value = "kvm_regs", header = "linux/kvm.h")
    static final class WrongSize {
        static final int SIZE = 140;
    }

    @CStruct(value = "kvm_run", header = "linux/kvm.h")
    static final class WrongOffset {
        static final int SIZE = 2352;
        static final int IO__PORT = 33;
    }

    @Test
    void everyLayoutAndConstantIsTheCompilers() throws Exception {
        List<Class<?>> classes = AbiNumbers.annotatedClasses();
        assertThat(classes.stream().filter(type -> type.isAnnotationPresent(CStruct.class)))
                .hasSizeGreaterThan(10);
        assertThat(classes.stream().filter(type -> type.isAnnotationPresent(CConstants.class)))
                .hasSizeGreaterThan(2);
        assertThat(compile(classes)).isEmpty();
    }

    @Test
    void everyKindOfWrongNumberIsReported() throws Exception {
        assertThat(compile(List.of(WrongConstant.class))).contains("WrongConstant.KVM_API_VERSION is 13");
        assertThat(compile(List.of(UnknownConstant.class))).contains("KVM_NO_SUCH_THING");
        assertThat(compile(List.of(WrongSize.class))).contains("WrongSize.SIZE is 140");
        assertThat(compile(List.of(WrongOffset.class)))
                .contains("WrongOffset.IO__PORT is 33")
                .doesNotContain("SIZE is");
    }

    /** What the compiler has to say; nothing if all is well. */
    private String compile(List<Class<?>> classes) throws IOException, InterruptedException {
        Path source = directory.resolve("abi.c");
        Files.writeString(source, source(classes));
        Process compiler = new ProcessBuilder(
                        "cc", "-std=gnu11", "-fsyntax-only", "-I" + NATIVE.resolve("core"), source.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(compiler.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(compiler.exitValue() == 0).as("cc: %s", output).isEqualTo(output.isEmpty());
        return output;
    }

    private static String source(List<Class<?>> classes) {
        StringBuilder c = new StringBuilder("#include \"" + FIXED_PART + "\"\n");
        classes.stream()
                .flatMap(type -> AbiNumbers.headers(type).stream())
                .distinct()
                .forEach(header -> c.append("#include <").append(header).append(">\n"));
        for (Class<?> type : classes) {
            CStruct struct = type.getAnnotation(CStruct.class);
            AbiNumbers.of(type).forEach((field, value) -> {
                String where = '"' + type.getName() + '.' + field + '"';
                if (struct == null) {
                    c.append("LULL_CONSTANT(%s, %s, %dLL);%n".formatted(where, field, value));
                } else if (field.equals("SIZE")) {
                    c.append("LULL_SIZE(%s, %s, %d);%n".formatted(where, struct.value(), value));
                } else {
                    c.append("LULL_OFFSET(%s, %s, %s, %d);%n"
                            .formatted(where, struct.value(), AbiNumbers.member(field), value));
                }
            });
        }
        return c.toString();
    }
}
