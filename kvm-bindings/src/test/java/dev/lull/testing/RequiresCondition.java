package dev.lull.testing;

import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Skips what {@link Requires} more than the host has. */
final class RequiresCondition implements ExecutionCondition {
    /** The environment variable that lists what must not be found missing. */
    static final String PRESENT = "LULL_FACILITIES";

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return AnnotationSupport.findAnnotation(context.getElement(), Requires.class)
                .map(requires -> evaluate(context, requires.value()))
                .orElseGet(() -> ConditionEvaluationResult.enabled("needs nothing"));
    }

    private static ConditionEvaluationResult evaluate(ExtensionContext context, Facility[] needed) {
        for (Facility facility : needed) {
            Optional<String> missing = facility.missing();
            if (missing.isPresent()) {
                String reason = "needs " + facility + ": " + missing.get();
                if (isPromised(facility, System.getenv(PRESENT))) {
                    throw new AssertionError(reason + ", and yet " + PRESENT + " lists it");
                }
                System.out.println("SKIPPED " + name(context) + ": " + reason);
                return ConditionEvaluationResult.disabled(reason);
            }
        }
        return ConditionEvaluationResult.enabled("the host has " + Arrays.toString(needed));
    }

    static boolean isPromised(Facility facility, String promised) {
        return promised != null && Arrays.asList(promised.split(",")).contains(facility.name());
    }

    private static String name(ExtensionContext context) {
        return context.getRequiredTestClass().getName()
                + context.getTestMethod().map(method -> "." + method.getName()).orElse("");
    }
}
