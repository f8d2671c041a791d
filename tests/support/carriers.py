"""A remote carrier on a script: it delays, fails, repeats, and remembers every key it was given."""

from carriers import Answer, Job, Outcome


class Scripted:
    """Answers by its script, one word a question; the last word serves for ever after.

    Words: ``done``, ``later``, ``refused``, ``silence`` (an exception: nobody knows) and ``lost``
    (the work is done, but the answer never arrives).
    """

    def __init__(self, *script: str, at_once: bool = False) -> None:
        self.script = list(script)
        self.answers_at_once = at_once
        self.asked: list[str] = []
        self.done: list[str] = []

    def carry_out(self, job: Job) -> Answer:
        """Answer the next word of the script."""
        self.asked.append(job.key)
        word = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if word in ("done", "lost") and job.key not in self.done:
            self.done.append(job.key)
        if word in ("silence", "lost"):
            raise TimeoutError("No answer.")
        if word == "refused":
            return Answer(Outcome.REFUSED, "The far end refused it.")
        return Answer(Outcome(word))
