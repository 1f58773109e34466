package dev.lull.agent.cli;

import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.ScaledCounterConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The counter a guest tells the time by, as picocli sees it. */
public final class CounterOptions {
    private static final String HOST = "host";
    private static final String SCALED = "scaled";

    @Option(
            names = "--counter",
            paramLabel = "host|scaled[:HZ]",
            defaultValue = HOST,
            description = "The guest's clock: KVM's, by the host's counter, or Lull's, by a counter of HZ (1000000000) "
                    + "made of it (${DEFAULT-VALUE}).")
    private String counter = HOST;

    /**
     * The frequency of the counter; null for the host's counter.
     *
     * @param spec the command that was given it
     * @throws ParameterException if it is not well-formed
     */
    public @Nullable Long nominalHz(CommandSpec spec) {
        ScaledCounterConfig config = config(spec, null);
        return config == null ? null : config.nominalHz();
    }

    /**
     * The counter of its own frequency; null for the host's.
     *
     * @param spec the command that was given it
     * @param dilation as {@link ScaledCounterConfig#dilation}; null for none
     * @throws ParameterException if it is not well-formed
     */
    @Nullable
    ScaledCounterConfig config(CommandSpec spec, @Nullable Double dilation) {
        try {
            return config(counter, dilation);
        } catch (IllegalArgumentException | ConfigException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static @Nullable ScaledCounterConfig config(String counter, @Nullable Double dilation) {
        if (counter.equals(HOST)) {
            if (dilation != null) {
                throw new IllegalArgumentException("--dilation: give it with --counter " + SCALED);
            }
            return null;
        }
        String kind = counter.replaceFirst(":[0-9]{1,18}$", "");
        if (!kind.equals(SCALED)) {
            throw new IllegalArgumentException(
                    "--counter " + counter + ": give " + HOST + ", " + SCALED + ", or " + SCALED + ":HZ");
        }
        long nominalHz = counter.equals(kind)
                ? ScaledCounterConfig.DEFAULT_HZ
                : Long.parseLong(counter.substring(kind.length() + 1));
        return new ScaledCounterConfig(nominalHz, dilation == null ? 1 : dilation);
    }
}
