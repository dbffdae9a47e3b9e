// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
import Gio from 'gi://Gio';
import Spacetest from 'gi://Spacetest?version=1';

const CLIENT = 'exec 3<>/dev/tcp/10.0.0.2/7; echo hello >&3; head -n1 <&3';

Spacetest.using(Spacetest.TransientNetns.new(), Spacetest.TransientNetns.new(), (alice, bob) => {
    Spacetest.Link.new_cable(alice, '10.0.0.1/24', bob, '10.0.0.2/24');
    bob.spawnv(['python3', 'shout.py', '7'], Gio.SubprocessFlags.STDOUT_SILENCE);
    bob.wait_listening(Gio.InetSocketAddress.new_from_string('10.0.0.2', 7));
    const client = alice.spawnv(['bash', '-c', CLIENT], Gio.SubprocessFlags.STDOUT_PIPE);
    const [, answer] = client.communicate_utf8(null, null);
    if (answer !== 'HELLO\n')
        throw new Error(answer);
});
