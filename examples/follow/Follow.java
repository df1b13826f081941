// Follows events on Kafka and prints them. With kafka-clients and its slf4j-api on the class path:
// KAFKA=127.0.0.1:8192 java -cp 'lib/*' Follow.java

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class Follow {
  public static void main(String[] arguments) {
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", System.getenv("KAFKA"),
        "group.id", System.getenv().getOrDefault("GROUP", "warehouse.follow-java"),
        "auto.offset.reset", "earliest");
    try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of("matching.matches.v1"));
      while (true) {
        for (var record : consumer.poll(Duration.ofSeconds(1))) {
          if (record.value() != null) { // null is a tombstone
            System.out.println(attribute(record, "type") + " " + attribute(record, "tenantid") + " " + record.value());
          }
        }
      }
    }
  }

  private static String attribute(ConsumerRecord<String, String> record, String name) {
    var header = record.headers().lastHeader("ce_" + name);
    return header == null ? "" : new String(header.value(), StandardCharsets.UTF_8);
  }
}
