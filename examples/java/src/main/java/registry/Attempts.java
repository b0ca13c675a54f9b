package registry;

import java.util.function.IntFunction;

/** Several attempts, with a pause before each but the first, twice as long each time. */
final class Attempts {
  private static final int MOST = 5;
  private static final long FIRST_PAUSE_MS = 200;

  private Attempts() {}

  /** Attempt until there is an answer; each attempt is told its number. */
  static <T> T paced(String what, IntFunction<T> attempt) {
    for (int number = 1; ; number++) {
      try {
        return attempt.apply(number);
      } catch (TryAgain unanswered) {
        System.out.println("  ... " + what + ": " + unanswered.getMessage());
        if (number == MOST) {
          throw new IllegalStateException(what + ": " + MOST + " attempts, and none was answered", unanswered);
        }
      }
      pause(FIRST_PAUSE_MS << (number - 1));
    }
  }

  private static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", interrupted);
    }
  }
}
