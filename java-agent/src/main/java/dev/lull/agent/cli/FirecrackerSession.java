package dev.lull.agent.cli;

import dev.lull.agent.control.daemon.Workers;
import dev.lull.agent.control.dialect.Command;
import dev.lull.agent.control.dialect.Dialect;
import dev.lull.agent.control.dialect.RefusalException;
import dev.lull.agent.control.dialect.VmDocument;
import dev.lull.agent.control.http.HttpLimits;
import dev.lull.agent.control.http.HttpLoop;
import dev.lull.agent.control.http.HttpServer;
import dev.lull.agent.control.vm.DialectHandler;
import dev.lull.agent.control.vm.IdleTime;
import dev.lull.agent.control.vm.MicroVm;
import dev.lull.agent.control.vm.VmObserver;
import dev.lull.agent.control.vm.VmSite;
import dev.lull.agent.control.vm.VmState;
import dev.lull.agent.json.Json;
import dev.lull.agent.json.JsonMembers;
import dev.lull.agent.machine.ConfigException;
import dev.lull.agent.machine.Machine;
import dev.lull.agent.machine.MachineEnd;
import dev.lull.agent.metrics.ExitTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/** One machine in the foreground, told what to do by its API or a file, from this process's start to the guest's end. */
final class FirecrackerSession implements VmObserver {
    private static final int SOCKET_MODE = 0600;

    /**
     * What is asked for.
     *
     * @param apiSocket null for no API
     */
    record Options(
            String id,
            @Nullable Path apiSocket,
            @Nullable Path configFile,
            @Nullable Path metadata,
            int maxBodyBytes,
            int mmdsLimitBytes,
            Log log,
            @Nullable Path metricsPath,
            boolean bootTimer) {}

    /** Of the log, as its option says or leaves out. */
    record Log(
            @Nullable Path path,
            @Nullable String level,
            @Nullable String module,
            boolean showLevel,
            boolean showOrigin) {}

    private final Options options;
    private final Stdio stdio;
    private final CompletableFuture<MachineEnd> end = new CompletableFuture<>();

    FirecrackerSession(Options options, Stdio stdio) {
        this.options = options;
        this.stdio = stdio;
    }

    /** Returns the exit status. */
    int run() throws IOException, InterruptedException {
        ExecutorService workers = Workers.pool("lull-work");
        try (HttpLoop loop = new HttpLoop();
                ConsoleOutput output = new ConsoleOutput(stdio.out());
                IdleTime idle = new IdleTime();
                MicroVm vm = vm(output, workers, idle)) {
            configure(vm);
            new ConsoleInput(stdio.in(), new GuestInput(vm), false, () -> {}).start();
            try (HttpServer _ = options.apiSocket() == null
                    ? null
                    : HttpServer.listen(loop, options.apiSocket(), SOCKET_MODE, limits(), new DialectHandler(vm))) {
                MachineEnd how = end.get();
                output.drain();
                if (!how.isOrderly()) {
                    stdio.err().println("lull: ".concat(OneLine.of(how.message())));
                    return ExitStatus.FAILURE;
                }
                return ExitStatus.OK;
            }
        } catch (RefusalException e) {
            throw new ConfigException(String.valueOf(e.getMessage()));
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } finally {
            workers.shutdown();
        }
    }

    @Override
    public void configured(MicroVm vm) {}

    @Override
    public void changed(MicroVm vm, VmState state) {}

    @Override
    public void ended(MicroVm vm, MachineEnd how) {
        end.complete(how);
    }

    @Override
    public void warned(MicroVm vm, String warning) {
        stdio.err().println("lull: ".concat(OneLine.of(warning)));
    }

    private MicroVm vm(ConsoleOutput output, ExecutorService workers, IdleTime idle) {
        VmSite site = new VmSite(
                output,
                null,
                null,
                workers,
                nanos -> {
                    if (options.bootTimer()) {
                        stdio.err().println(ExitTable.bootLine(nanos));
                    }
                },
                idle,
                this);
        return new MicroVm(options.id(), UUID.randomUUID(), site, options.mmdsLimitBytes());
    }

    private HttpLimits limits() {
        HttpLimits limits = HttpLimits.ofMachine();
        return new HttpLimits(
                options.maxBodyBytes(), limits.maxConnections(), limits.requestTimeout(), limits.idleTimeout());
    }

    /** Does what the command line says, as if the API had been asked. */
    private void configure(MicroVm vm) throws IOException, InterruptedException {
        Log log = options.log();
        if (log.path() != null || log.level() != null || log.showLevel() || log.showOrigin()) {
            put(
                    vm,
                    "/logger",
                    new JsonMembers()
                            .with("log_path", log.path())
                            .with("level", log.level())
                            .with("module", log.module())
                            .with("show_level", log.showLevel())
                            .with("show_log_origin", log.showOrigin()));
        }
        if (options.metricsPath() != null) {
            put(vm, "/metrics", new JsonMembers().with("metrics_path", options.metricsPath()));
        }
        if (options.metadata() != null) {
            vm.execute(Dialect.parse("PUT", "/mmds", read(options.metadata())).command());
        }
        if (options.configFile() != null) {
            for (Command command : VmDocument.parse(read(options.configFile()))) {
                vm.execute(command);
            }
            vm.execute(new Command.Start());
        }
    }

    private static void put(MicroVm vm, String path, JsonMembers body) throws InterruptedException {
        vm.execute(Dialect.parse("PUT", path, Json.bytes(body.toMap())).command());
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new ConfigException(file + " cannot be read: " + e.getMessage());
        }
    }

    /** What is typed goes to the guest once there is one. */
    private record GuestInput(MicroVm vm) implements ConsoleInput.Sink {
        @Override
        public void receive(byte[] bytes, int offset, int lengthBytes) throws InterruptedException {
            Machine machine = vm.machine();
            if (machine != null) {
                machine.console().receive(bytes, offset, lengthBytes);
            }
        }
    }
}
