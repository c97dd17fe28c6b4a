/* What systemd is told (sd_notify(3)); nothing happens without it. */
#ifndef SIGND_SIGND_NOTIFY_H
#define SIGND_SIGND_NOTIFY_H

/* "READY=1", "STOPPING=1", "STATUS=...".  Failing is no reason to stop. */
void notify_service_manager(const char *state);

#endif
