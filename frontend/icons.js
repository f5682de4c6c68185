/* The icons of the sprite, by their lucide name. */
export const icons = `
  alarm-clock alarm-clock-check archive arrow-down arrow-left arrow-right arrow-up arrow-up-down at-sign ban banknote bell bell-off bookmark
  briefcase building-2 calendar calendar-check calendar-clock calendar-days calendar-plus check check-check
  chevron-down chevron-left chevron-right chevron-up circle-alert circle-check circle-dashed circle-dot
  circle-help circle-x clipboard-list clock clock-alert cog columns-3 contact copy corner-up-left credit-card
  crosshair download ellipsis external-link eye eye-off factory file-signature file-spreadsheet file-text filter flag
  flame funnel gauge git-merge globe graduation-cap group hand handshake heart history hourglass inbox info key-round
  keyboard languages layout-dashboard link list list-checks list-filter loader-circle lock log-in log-out mail
  mail-open map-pin maximize-2 megaphone menu message-circle message-square message-square-plus messages-square
  minus monitor moon mouse-pointer-click package panel-right-open paperclip pause pen-line pencil percent phone
  phone-call phone-incoming phone-missed phone-off phone-outgoing play plus presentation printer quote receipt
  refresh-cw repeat rotate-ccw route save search send settings share-2 shield-check shield-off shopping-cart
  signature skip-forward sliders-horizontal smile sparkles split star store sun table tag target thumbs-down thumbs-up timer
  trash-2 trending-down trending-up triangle-alert trophy undo-2 unlink upload user user-check user-cog user-minus
  user-plus user-round user-round-check user-round-cog user-round-plus user-round-x users users-round video wallet
  webhook workflow wrench x zap
`.trim().split(/\s+/);
