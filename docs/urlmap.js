// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: The spacetest authors
// Where links of the reference to other libraries lead; main.js of gi-docgen asks for this name.
var baseURLs = [
    ['GLib', 'https://docs.gtk.org/glib/'],
    ['GObject', 'https://docs.gtk.org/gobject/'],
    ['Gio', 'https://docs.gtk.org/gio/'],
];
