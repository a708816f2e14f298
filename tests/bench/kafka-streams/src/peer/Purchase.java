// SPDX-License-Identifier: Apache-2.0
package peer;

/** What the rule needs of a purchase. */
final class Purchase {
    byte[] card; // UTF-8; null: the message key is the card
    long id;
    boolean hasId;
    long timeMs;
    boolean hasTime;
}
