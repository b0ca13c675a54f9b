import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Asks each URL once, trusting the authority in a PEM file, and prints the status or what was thrown. */
public class Ask {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newBuilder().sslContext(trusting(Path.of(arguments[0]))).build();
        for (int at = 1; at < arguments.length; at++) {
            System.out.println(told(client, HttpRequest.newBuilder(URI.create(arguments[at])).build()));
        }
    }

    static String told(HttpClient client, HttpRequest request) throws InterruptedException {
        try {
            return String.valueOf(client.send(request, BodyHandlers.discarding()).statusCode());
        } catch (java.io.IOException error) {
            Throwable cause = error;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            return error.getClass().getSimpleName() + ": " + cause.getClass().getSimpleName() + ": " + cause.getMessage();
        }
    }

    static SSLContext trusting(Path authority) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (var file = Files.newInputStream(authority)) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }
}
