package dev.lull.abi;

import dev.lull.linux.CConstants;
import dev.lull.linux.CStruct;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The numbers of the classes that are annotated with {@link CConstants} or {@link CStruct}. */
final class AbiNumbers {
    private AbiNumbers() {}

    /** Every annotated class among the compiled classes of this module. */
    static List<Class<?>> annotatedClasses() throws IOException, URISyntaxException {
        Path root = Path.of(CStruct.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        List<Class<?>> annotated = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".class"))
                    .sorted()
                    .toList()) {
                String name = root.relativize(file).toString();
                if (name.equals("module-info.class")) {
                    continue;
                }
                Class<?> type = load(
                        name.substring(0, name.length() - ".class".length()).replace('/', '.'));
                if (type.isAnnotationPresent(CConstants.class) || type.isAnnotationPresent(CStruct.class)) {
                    annotated.add(type);
                }
            }
        }
        return annotated;
    }

    /** The {@code static final} numbers of {@code type} by field name, in the order of the class. */
    static Map<String, Long> of(Class<?> type) {
        Map<String, Long> numbers = new LinkedHashMap<>();
        for (Field field : type.getDeclaredFields()) {
            boolean isNumber = field.getType() == int.class || field.getType() == long.class;
            if (isNumber && Modifier.isStatic(field.getModifiers()) && Modifier.isFinal(field.getModifiers())) {
                try {
                    field.setAccessible(true);
                    numbers.put(field.getName(), ((Number) field.get(null)).longValue());
                } catch (IllegalAccessException e) {
                    throw new LinkageError(field.getName(), e);
                }
            }
        }
        return numbers;
    }

    /** The headers that define what {@code type} has the numbers of. */
    static List<String> headers(Class<?> type) {
        CConstants constants = type.getAnnotation(CConstants.class);
        return constants != null
                ? List.of(constants.value())
                : List.of(type.getAnnotation(CStruct.class).header());
    }

    /** The C member a field of a {@link CStruct} class gives the offset of. */
    static String member(String fieldName) {
        return fieldName.toLowerCase(Locale.ROOT).replace("__", ".");
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, AbiNumbers.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new LinkageError(name, e);
        }
    }
}
