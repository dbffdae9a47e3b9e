// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// What the guide to users, processes and clocks shows of JavaScript.
import Gio from 'gi://Gio';
import Spacetest from 'gi://Spacetest?version=1';

const space = Spacetest.Space.new_transient('user,pid,net');
const process = space.spawnv(['id', '-u'], Gio.SubprocessFlags.STDOUT_PIPE);
const [, output] = process.communicate_utf8(null, null);
print(process.get_successful() && output === '0\n');

const spacer = await Spacetest.Spacer.new_async(null, null);
const inside = await spacer.create_subspace_async('user,pid', null, null);
const server = inside.get_space().spawnv(['sleep', '1000'], Gio.SubprocessFlags.NONE);
spacer.close();
server.wait(null);
print(server.get_if_signaled());
