import dev.lull.paravirt.clock.CounterDevice;
import dev.lull.paravirt.clock.CounterException;

/** In a guest with the module lull_pv: the counter's frequency, and how far it went on in as many milliseconds as are named. */
void main(String[] arguments) throws InterruptedException {
    try (var device = CounterDevice.open()) {
        var counter = device.reader();
        long before = counter.read();
        Thread.sleep(Long.parseLong(arguments[0]));
        System.out.printf("hz=%d counter=%d passed=%d%n", counter.snapshot().nominalHz(), before, counter.read() - before);
    } catch (CounterException e) {
        System.err.println(e.getMessage());
        System.exit(1);
    }
}
