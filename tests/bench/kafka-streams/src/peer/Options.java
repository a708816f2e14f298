// SPDX-License-Identifier: Apache-2.0
package peer;

import java.util.HashMap;
import java.util.Map;

/** The command line: --name value. What is not given is tuned for throughput. */
final class Options {
    static final String USAGE = String.join("\n",
        "usage: run --bootstrap HOST:PORT --registry URL --input TOPIC --output TOPIC",
        "           --application-id ID --state-dir DIR",
        "    --guarantee exactly_once_v2|at_least_once   (exactly_once_v2)",
        "    --threads N              stream threads (2)",
        "    --commit-interval-ms N   (1000)",
        "    --linger-ms N            of the producers (100)",
        "    --cache-bytes N          record cache of all threads; 0: none (0)",
        "    --block-cache-bytes N    of RocksDB (256 MiB)",
        "    --write-buffer-bytes N   of each store, of which RocksDB keeps up to three (32 MiB)",
        "    --sweep-cards N          cards a second and partition to look at for expiry (1000)",
        "    --instance-id ID         static membership",
        "    --session-timeout-ms N   of the group (6000)",
        "    --set KEY=VALUE          a property of Kafka Streams, over all of these");

    final Map<String, String> properties = new HashMap<>(); // by --set
    private final Map<String, String> values = new HashMap<>();
    String bootstrap;
    String registry;
    String input;
    String output;
    String applicationId;
    String stateDir;
    String guarantee;
    String instanceId;
    int threads;
    long commitIntervalMs;
    long lingerMs;
    long cacheBytes;
    long blockCacheBytes;
    long writeBufferBytes;
    int sweepCards;
    int sessionTimeoutMs;

    static Options read(String[] args) {
        try {
            return new Options(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + USAGE);
            System.exit(2);
            throw e;
        }
    }

    private Options(String[] args) {
        for (int i = 0; i < args.length; i += 2) {
            if (!args[i].startsWith("--") || i + 1 == args.length)
                throw new IllegalArgumentException("not understood: " + args[i]);
            take(args[i].substring(2), args[i + 1]);
        }
        bootstrap = needed("bootstrap");
        registry = needed("registry");
        input = needed("input");
        output = needed("output");
        applicationId = needed("application-id");
        stateDir = needed("state-dir");
        guarantee = text("guarantee", "exactly_once_v2");
        instanceId = text("instance-id", null);
        threads = (int) number("threads", 2);
        commitIntervalMs = number("commit-interval-ms", 1000);
        lingerMs = number("linger-ms", 100);
        cacheBytes = number("cache-bytes", 0);
        blockCacheBytes = number("block-cache-bytes", 256 << 20);
        writeBufferBytes = number("write-buffer-bytes", 32 << 20);
        sweepCards = (int) number("sweep-cards", 1000);
        sessionTimeoutMs = (int) number("session-timeout-ms", 6000);
        if (!values.isEmpty())
            throw new IllegalArgumentException("unknown: " + values.keySet());
    }

    private void take(String name, String value) {
        if (!name.equals("set")) {
            values.put(name, value);
            return;
        }
        String[] pair = value.split("=", 2);
        if (pair.length != 2)
            throw new IllegalArgumentException("--set takes KEY=VALUE");
        properties.put(pair[0], pair[1]);
    }

    private String text(String name, String fallback) {
        String value = values.remove(name);
        return value == null ? fallback : value;
    }

    private String needed(String name) {
        String value = text(name, null);
        if (value == null)
            throw new IllegalArgumentException("missing: --" + name);
        return value;
    }

    private long number(String name, long fallback) {
        String value = text(name, null);
        return value == null ? fallback : Long.parseLong(value);
    }
}
