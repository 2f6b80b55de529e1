#!/bin/sh
# Gives an image of any distribution the user that Longshore runs as, and the folders that are its own. The number is
# what counts: no tool of a distribution is needed, and a volume or a security context can name it.
set -eu

id=10001
grep -q "^longshore:" /etc/group || echo "longshore:x:$id:" >>/etc/group
grep -q "^longshore:" /etc/passwd || echo "longshore:x:$id:$id:Longshore:/home/longshore:/usr/sbin/nologin" >>/etc/passwd
mkdir -p /home/longshore /models
chown "$id:$id" /home/longshore /models
