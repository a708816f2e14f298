// SPDX-License-Identifier: Apache-2.0
package peer;

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.LRUCache;

/** The settings of Kafka Streams, its clients and RocksDB; README.md has what each is worth. */
final class Tuning {
    private static final String BLOCK_CACHE_BYTES = "peer.block.cache.bytes";
    private static final String WRITE_BUFFER_BYTES = "peer.write.buffer.bytes";

    private Tuning() {}

    static Properties properties(Options options) {
        Properties p = new Properties();
        p.put(StreamsConfig.APPLICATION_ID_CONFIG, options.applicationId);
        p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.bootstrap);
        p.put(StreamsConfig.STATE_DIR_CONFIG, options.stateDir);
        p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, options.guarantee);
        p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, options.threads);
        p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, options.commitIntervalMs);
        p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, options.cacheBytes);
        p.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
        // A task has one input partition: nothing to wait for before the next record is chosen.
        p.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        p.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
        consumer(p, options);
        producer(p, options);
        p.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksTuning.class);
        p.put(BLOCK_CACHE_BYTES, options.blockCacheBytes);
        p.put(WRITE_BUFFER_BYTES, options.writeBufferBytes);
        p.putAll(options.properties);
        return p;
    }

    private static void consumer(Properties p, Options options) {
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 10_000);
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG),
            4 << 20);
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG),
            options.sessionTimeoutMs);
        p.put(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
            options.sessionTimeoutMs / 3);
        if (options.instanceId != null)
            p.put(CommonClientConfigs.GROUP_INSTANCE_ID_CONFIG, options.instanceId);
    }

    private static void producer(Properties p, Options options) {
        p.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), options.lingerMs);
        p.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        p.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        p.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 64L << 20);
    }

    /** One block cache for all stores, as the memory management guide of Kafka Streams has it. */
    public static final class RocksTuning implements RocksDBConfigSetter {
        private static Cache cache;

        @Override
        public void setConfig(String store, org.rocksdb.Options options,
            Map<String, Object> configs) {
            BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
            table.setBlockCache(sharedCache((long) configs.get(BLOCK_CACHE_BYTES)));
            options.setTableFormatConfig(table);
            options.setWriteBufferSize((long) configs.get(WRITE_BUFFER_BYTES));
            options.setCompressionType(CompressionType.NO_COMPRESSION);
        }

        @Override
        public void close(String store, org.rocksdb.Options options) {
            // the cache outlives the stores
        }

        private static synchronized Cache sharedCache(long bytes) {
            if (cache == null)
                cache = new LRUCache(bytes);
            return cache;
        }
    }
}
