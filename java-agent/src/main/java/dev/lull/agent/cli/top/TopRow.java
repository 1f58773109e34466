package dev.lull.agent.cli.top;

import dev.lull.agent.client.VmInfo;

/** A machine and what it does. */
record TopRow(VmInfo vm, VmRates rates) {}
