import com.sun.net.httpserver.HttpServer;
import java.io.FileOutputStream;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;

class Web {
  static final Map<String, Integer> TAKES = Map.of("/healthz", 0, "/half", 500, "/slow", 3000);

  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    FileOutputStream log = new FileOutputStream("/tmp/access.log", true);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", exchange -> {
      String trace = Objects.requireNonNullElse(exchange.getRequestHeaders().getFirst("traceparent"), "-");
      log.write("%.3f %d %s%n".formatted(System.currentTimeMillis() / 1e3, exchange.getRemoteAddress().getPort(), trace).getBytes());
      try {
        Thread.sleep(TAKES.getOrDefault(exchange.getRequestURI().getPath(), 20));
      } catch (InterruptedException e) {
        throw new RuntimeException(e);
      }
      exchange.getResponseHeaders().set("X-Pod-Name", System.getenv("HOSTNAME"));
      exchange.sendResponseHeaders(200, 3);
      exchange.getResponseBody().write("ok\n".getBytes());
      exchange.close();
    });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> server.stop(1)));
    server.start();
  }
}
