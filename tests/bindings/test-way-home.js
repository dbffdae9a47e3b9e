// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// Nobody goes where he could not come home from. To be run without CAP_SYS_CHROOT: a new mount namespace takes CAP_SYS_ADMIN
// alone, and the way home takes both.
import GLib from 'gi://GLib';
import Spacetest from 'gi://Spacetest?version=1';
import {fails, needPrivilege, same} from './harness.js';

const {PERMISSION_DENIED} = Spacetest.Error;
const whereAmI = () => ['mnt', 'net'].map(kind => GLib.file_read_link(`/proc/thread-self/ns/${kind}`)).join();

needPrivilege();
print('1..1');
const netns = Spacetest.TransientNetns.new();
const home = whereAmI();

same(netns.call(() => {
    fails(PERMISSION_DENIED, () => Spacetest.enter_transient('mnt'), 'mnt');
    return 42;
}), 42);
same(whereAmI(), home);
same(netns.call(whereAmI).includes(`${netns}`), true);
same(whereAmI(), home);
print('ok 1 way home');
