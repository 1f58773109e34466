package dev.lull.abi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lull.linux.CStruct;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The numbers written in Java against those jextract finds in the kernel's headers; run by
 * {@code mvn -Pjextract -Djextract.home=DIR test} alone.
 *
 * <p>jextract gives every macro with a value a static method of its name in the header's class, and every structure a
 * class with {@code sizeof()} and a {@code member$offset()} each. What it leaves out is counted, not failed: {@link
 * AbiTest} covers it.
 */
@Tag("jextract")
class JextractTest {
    private static final Set<String> HEADERS = Set.of("linux/kvm.h", "linux/vfio.h");
    private static final String PACKAGE = "generated";
    private static final Path OUTPUT = Path.of("target/jextract");

    private final List<String> wrong = new ArrayList<>();
    private int compared;
    private int absent;

    @Test
    void everyNumberJextractFindsIsTheSame() throws Exception {
        String home = System.getProperty("jextract.home", "");
        Path jextract = Path.of(home, "bin/jextract");
        if (!Files.isExecutable(jextract)) {
            String reason = "needs jextract: "
                    + (home.isEmpty() ? "no -Djextract.home=DIR was given" : "there is no program " + jextract);
            System.out.println("SKIPPED " + getClass().getName() + ": " + reason);
            Assumptions.abort(reason);
        }
        List<Class<?>> classes = AbiNumbers.annotatedClasses();
        for (String header : HEADERS) {
            List<Class<?>> used = classes.stream()
                    .filter(type -> AbiNumbers.headers(type).contains(header))
                    .toList();
            if (!used.isEmpty()) {
                compare(
                        used,
                        generate(jextract, header),
                        header.replaceAll(".*/", "").replace('.', '_'));
            }
        }
        System.out.printf("jextract: %d numbers compared, %d it does not give%n", compared, absent);
        assertThat(wrong).isEmpty();
        assertThat(compared).isGreaterThan(100);
    }

    /** Runs jextract on {@code header} and compiles what it writes; the directory of the classes. */
    private Path generate(Path jextract, String header) throws Exception {
        Path sources = OUTPUT.resolve(header + "/sources");
        Path classes = Files.createDirectories(OUTPUT.resolve(header + "/classes"));
        Process process = new ProcessBuilder(
                        jextract.toString(),
                        "--output",
                        sources.toString(),
                        "--target-package",
                        PACKAGE,
                        "--include-dir",
                        "/usr/include/x86_64-linux-gnu",
                        "/usr/include/" + header)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("jextract %s: %s", header, output).isZero();
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (Stream<Path> files = Files.walk(sources);
                StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            List<Path> java =
                    files.filter(path -> path.toString().endsWith(".java")).toList();
            assertThat(compiler.getTask(
                                    null,
                                    manager,
                                    null,
                                    List.of("-proc:none", "-nowarn", "-d", classes.toString()),
                                    null,
                                    manager.getJavaFileObjectsFromPaths(java))
                            .call())
                    .isTrue();
        }
        return classes;
    }

    private void compare(List<Class<?>> used, Path classes, String headerClass) throws Exception {
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
            for (Class<?> type : used) {
                CStruct struct = type.getAnnotation(CStruct.class);
                String holder = PACKAGE + '.' + (struct == null ? headerClass : struct.value());
                AbiNumbers.of(type).forEach((field, value) -> {
                    String method = struct == null
                            ? field
                            : field.equals("SIZE") ? "sizeof" : AbiNumbers.member(field) + "$offset";
                    compare(type.getName() + '.' + field, value, call(loader, holder, method));
                });
            }
        }
    }

    private void compare(String what, long here, OptionalLong there) {
        if (there.isEmpty()) {
            absent++;
            return;
        }
        compared++;
        if (there.getAsLong() != here) {
            wrong.add("%s is %d, jextract says %d".formatted(what, here, there.getAsLong()));
        }
    }

    private static OptionalLong call(ClassLoader loader, String className, String methodName) {
        Method method;
        try {
            // Of a large header the class is cut in pieces that inherit from each other, and getMethod finds them all.
            method = loader.loadClass(className).getMethod(methodName);
        } catch (ClassNotFoundException | NoSuchMethodException e) {
            return OptionalLong.empty();
        }
        try {
            method.setAccessible(true);
            return switch (method.invoke(null)) {
                // A C unsigned int, as ioctl numbers are, arrives as a Java int.
                case Integer number -> OptionalLong.of(Integer.toUnsignedLong(number));
                case Long number -> OptionalLong.of(number);
                case null, default -> OptionalLong.empty();
            };
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(className + '.' + methodName, e);
        }
    }
}
