// SPDX-License-Identifier: Apache-2.0
package peer;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** The program: source, processor with its store, sink. */
public final class Peer {
    private static final long FUTURE_MS_MAX = 3_600_000;
    private static final Duration CLOSE_MAX = Duration.ofSeconds(25);

    private Peer() {}

    public static void main(String[] args) throws Exception {
        if (args.length == 1 && args[0].equals("--self-check")) {
            SelfCheck.run();
            return;
        }
        Options options = Options.read(args);
        KafkaStreams streams = new KafkaStreams(topology(options), Tuning.properties(options));
        CountDownLatch ended = new CountDownLatch(1);
        streams.setStateListener((to, from) -> {
            if (to == KafkaStreams.State.RUNNING)
                System.err.println("peer running");
            if (to == KafkaStreams.State.ERROR || to == KafkaStreams.State.NOT_RUNNING)
                ended.countDown();
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(CLOSE_MAX)));
        streams.start();
        ended.await();
        if (streams.state() == KafkaStreams.State.ERROR)
            System.exit(1);
    }

    private static Topology topology(Options options) throws IOException {
        Registry registry = new Registry(options.registry);
        Schema schema = new Schema.Parser().parse(Path.of("schemas/alert.avsc").toFile());
        int alertSchemaId = registry.register(options.output + "-value", schema);
        // Streams shares a deserializer among its threads.
        ThreadLocal<PurchaseReader> readers =
            ThreadLocal.withInitial(() -> new PurchaseReader(registry));
        Deserializer<Purchase> purchases = (topic, data) -> readers.get().read(data);
        Topology topology = new Topology();
        topology.addSource(AutoOffsetReset.earliest(), "purchases", Peer::eventTime,
            new ByteArrayDeserializer(), purchases, options.input);
        topology.addProcessor("bursts",
            () -> new BurstProcessor(alertSchemaId, options.sweepCards), "purchases");
        topology.addStateStore(store(options), "bursts");
        topology.addSink("alerts", options.output, new ByteArraySerializer(),
            new ByteArraySerializer(), "bursts");
        return topology;
    }

    private static StoreBuilder<KeyValueStore<Bytes, byte[]>> store(Options options) {
        StoreBuilder<KeyValueStore<Bytes, byte[]>> builder = Stores.keyValueStoreBuilder(
            Stores.persistentKeyValueStore(BurstProcessor.STORE), Serdes.Bytes(),
            Serdes.ByteArray());
        return options.cacheBytes > 0 ? builder.withCachingEnabled()
                                      : builder.withCachingDisabled();
    }

    /** The event time of a record; a negative one makes Streams leave it out. */
    private static long eventTime(ConsumerRecord<Object, Object> record, long streamMs) {
        Purchase purchase = (Purchase) record.value();
        if (purchase == null || !purchase.hasTime)
            return streamMs >= 0 ? streamMs : record.timestamp();
        boolean future = record.timestamp() >= 0
            && purchase.timeMs > record.timestamp() + FUTURE_MS_MAX;
        return future ? -1 : purchase.timeMs;
    }
}
