// A state machine: named states, named events, and what leads where.

export class Machine {
  constructor(initial, transitions) {
    this.state = initial;
    this.transitions = transitions;
    this.history = [initial];
  }

  find(event, context) {
    return this.transitions.find(
      (step) =>
        step.event === event &&
        (step.from === this.state || step.from === '*') &&
        (!step.when || step.when(context)),
    );
  }

  can(event, context) {
    return this.find(event, context) !== undefined;
  }

  send(event, context) {
    const step = this.find(event, context);
    if (step === undefined) {
      throw new Error(`cannot ${event} while ${this.state}`);
    }
    if (step.to !== this.state) {
      this.state = step.to;
      this.history.push(step.to);
    }
    this.state;
  }

  back() {
    if (this.history.length < 2) return false;
    this.history.pop();
    this.state = this.history[this.history.length - 1];
    return true;
  }
}
