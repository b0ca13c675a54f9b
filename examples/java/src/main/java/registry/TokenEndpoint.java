package registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Collectors;

/** The endpoint that hands out tokens for client credentials. */
record TokenEndpoint(URI uri, String clientId, String clientSecret) {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** A token, and until when it is used: a minute less than it lasts, so that none expires on its way. */
  record Token(String value, Instant end) {}

  /** Ask for a token of the registry at a FHIR base; a repeated request does no harm. */
  Token tokenFor(String baseUrl) {
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
    return Attempts.persist("token", attempt -> granted(request));
  }

  private static Token granted(HttpRequest request) {
    try {
      var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() >= 500 || answer.statusCode() == 429) {
        Duration wait = RetryAfter.of(answer.headers().firstValue("Retry-After").orElse(null));
        throw new TryAgain(answer.statusCode() + " from the token endpoint", wait, null);
      }
      if (answer.statusCode() != 200) {
        throw new Failed("the token endpoint refused with " + answer.statusCode() + " " + answer.body(), null);
      }
      JsonNode granted = new ObjectMapper().readTree(answer.body());
      // Azure AD writes numbers as text; asLong reads both.
      Instant end = Instant.now().plusSeconds(granted.required("expires_in").asLong() - 60);
      return new Token(granted.required("access_token").asText(), end);
    } catch (IOException error) {
      throw new TryAgain("no answer: " + error.getMessage(), Duration.ZERO, error);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failed("interrupted", interrupted);
    }
  }

  private static String formOf(Map<String, String> fields) {
    return fields.entrySet().stream()
        .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
  }
}
