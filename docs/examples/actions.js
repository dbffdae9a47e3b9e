// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
import Spacetest from 'gi://Spacetest?version=1';

Spacetest.registerAction('double', (text, n) => text.repeat(n));
Spacetest.runActions();

const spacer = Spacetest.Spacer.new(null);
const below = spacer.create_subspace('user,pid');
print(await below.get_space().runAction('double', 'la', 2));
below.close();
spacer.close();
