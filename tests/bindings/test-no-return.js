// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// A thread that can't come home outranks what the function threw. To be run without CAP_SYS_CHROOT: a new mount namespace
// takes CAP_SYS_ADMIN alone, and the way home takes both.
import Spacetest from 'gi://Spacetest?version=1';
import System from 'system';
import {fails, needPrivilege, same, thrownBy} from './harness.js';

const {NO_RETURN} = Spacetest.Error;
needPrivilege();
print('1..1');
const netns = Spacetest.TransientNetns.new();
const failure = new RangeError('mine');

const error = fails(NO_RETURN, () => netns.call(() => {
    fails(NO_RETURN, () => Spacetest.enter_transient('mnt'), 'mnt', 'let it end');
    throw failure;
}));
same(error.cause, failure);
same(fails(NO_RETURN, () => netns.call(() => true)).cause, undefined);
fails(NO_RETURN, () => netns.enter());
same(thrownBy(() => netns.run_in_thread(() => true))[0].message.includes('call()'), true);
print('ok 1 no return');
System.exit(0); // the thread is nowhere to go on from
