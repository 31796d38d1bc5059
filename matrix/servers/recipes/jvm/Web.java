import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

class Web {
  static final Map<String, Integer> TAKES = Map.of("/healthz", 0, "/slow", 6000);
  static final AtomicInteger underWay = new AtomicInteger();
  static volatile boolean closing;

  static void sleep(int milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new RuntimeException(e);
    }
  }

  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", exchange -> {
      underWay.incrementAndGet();
      try (exchange) {
        sleep(TAKES.getOrDefault(exchange.getRequestURI().getPath(), 20));
        exchange.getResponseHeaders().set("X-Pod-Name", System.getenv("HOSTNAME"));
        if (closing) exchange.getResponseHeaders().set("Connection", "close");
        exchange.sendResponseHeaders(200, 3);
        exchange.getResponseBody().write("ok\n".getBytes());
      } finally {
        underWay.decrementAndGet();
      }
    });
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      closing = true;
      sleep(2000); // kept connections end with their next answer
      while (underWay.get() > 0) sleep(100);
      server.stop(0);
    }));
    server.start();
  }
}
