/** What probes inside a guest ({@code native/guest/tool}) measured, as read on its host. */
package dev.lull.agent.probe;
