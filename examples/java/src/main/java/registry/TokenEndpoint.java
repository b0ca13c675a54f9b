package registry;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/** The endpoint that hands out tokens for client credentials. */
record TokenEndpoint(URI uri, String clientId, String clientSecret) {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** Ask for a token of the registry at a FHIR base; a repeated request does no harm. */
  String tokenFor(String baseUrl) {
    String form = formOf(Map.of(
        "grant_type", "client_credentials",
        "client_id", clientId,
        "client_secret", clientSecret,
        "scope", baseUrl + "/.default"));
    HttpRequest request = HttpRequest.newBuilder(uri)
        .timeout(TIMEOUT)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString(form))
        .build();
    return Attempts.paced("token", attempt -> granted(request));
  }

  private static String granted(HttpRequest request) {
    try {
      var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() >= 500) {
        throw new TryAgain(answer.statusCode() + " from the token endpoint", null);
      }
      if (answer.statusCode() != 200) {
        throw new IllegalStateException("no token: " + answer.body());
      }
      return new ObjectMapper().readTree(answer.body()).required("access_token").asText();
    } catch (IOException error) {
      throw new TryAgain("no answer: " + error.getMessage(), error);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", interrupted);
    }
  }

  private static String formOf(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
  }
}
