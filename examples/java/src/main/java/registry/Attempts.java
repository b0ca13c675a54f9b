package registry;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntFunction;

/**
 * Several attempts with pauses that grow, vary and are bounded, and are never below Retry-After. They vary so that clients
 * which failed together do not come back together.
 */
final class Attempts {
  private static final int MOST = 5;
  private static final long FIRST_PAUSE_MS = 200;
  private static final long LONGEST_PAUSE_MS = 5_000;

  /** A Retry-After that asks for more than this is somebody else's decision. */
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private Attempts() {}

  /** Attempt until there is an answer; each attempt is told its number. */
  static <T> T persist(String what, IntFunction<T> attempt) {
    for (int number = 1; ; number++) {
      try {
        return attempt.apply(number);
      } catch (TryAgain failure) {
        System.out.println("  ... " + what + ": " + failure.getMessage());
        if (number == MOST || failure.notBefore().compareTo(PATIENCE) > 0) {
          throw new Failed(what + ": given up after " + number + " attempts; the last: " + failure.getMessage(), failure);
        }
        pause(Math.max(growing(number), failure.notBefore().toMillis()));
      }
    }
  }

  private static long growing(int number) {
    long pause = Math.min(FIRST_PAUSE_MS << (number - 1), LONGEST_PAUSE_MS);
    return pause + ThreadLocalRandom.current().nextLong(pause / 2);
  }

  private static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failed("interrupted", interrupted);
    }
  }
}
